// What the declarations of the interface are made with, under the names that programs know.

#ifndef ASHLAR_COMPAT_MIMALLOC_BASE_H
#define ASHLAR_COMPAT_MIMALLOC_BASE_H

#if defined(__GNUC__)
#define mi_decl_export __attribute__((visibility("default")))
#define mi_decl_restrict
#define mi_attr_malloc __attribute__((malloc))
#define mi_attr_alloc_size(s) __attribute__((alloc_size(s)))
#define mi_attr_alloc_size2(s1, s2) __attribute__((alloc_size(s1, s2)))
#define mi_attr_alloc_align(a) __attribute__((alloc_align(a)))
#else
#define mi_decl_export
#define mi_decl_restrict
#define mi_attr_malloc
#define mi_attr_alloc_size(s)
#define mi_attr_alloc_size2(s1, s2)
#define mi_attr_alloc_align(a)
#endif
#define mi_cdecl

#if defined(__GNUC__)
#define mi_decl_nodiscard __attribute__((warn_unused_result))
#else
#define mi_decl_nodiscard
#endif

#if defined(__cplusplus)
#define mi_attr_noexcept noexcept
#else
#define mi_attr_noexcept
#endif

#endif
