# Where code runs: in a coroutine that goes from thread to thread, in an IFUNC resolver before the
# program is relocated, in an audit namespace, in several copies.

# Coroutines ---------------------------------------------------------------------------------

# ucontext is absent in musl, and does not work under qemu on SPARC and HPPA.
check_symbol_exists(makecontext ucontext.h ASH_HAVE_MAKECONTEXT)
if(ASH_HAVE_MAKECONTEXT AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "sparc|hppa")
  add_identity_program(identity_coroutine ${first_pair} executable coroutine)
  add_identity_test(a_coroutine_uses_the_heap_of_the_thread_it_runs_in identity_coroutine)

  # The same where the compiler sees the library and the coroutine at once.
  cmake_push_check_state(RESET)
  set(lto -flto)
  if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
    list(APPEND lto -fuse-ld=lld)
  endif()
  set(CMAKE_REQUIRED_FLAGS "-flto")
  set(CMAKE_REQUIRED_LINK_OPTIONS ${lto})
  check_c_source_compiles("int main(void) { return 0; }" ASH_HAVE_LTO)
  cmake_pop_check_state()

  string(REPLACE "_" ";" rungs "${first_pair}")
  function(add_lto_coroutine name)
    add_subject(${name} ${rungs} -flto ${ARGN})
    add_executable(identity_coroutine_${name} coroutine.c $<TARGET_OBJECTS:identity_basics>)
    target_compile_options(identity_coroutine_${name} PRIVATE -flto ${ARGN})
    target_link_options(identity_coroutine_${name} PRIVATE ${lto} ${ARGN})
    target_link_libraries(identity_coroutine_${name} PRIVATE identity_objects_${name}
      identity_support identity_new_handler)
    set_target_properties(identity_coroutine_${name} PROPERTIES LINKER_LANGUAGE C)
  endfunction()
  if(ASH_HAVE_LTO)
    foreach(level 2 3)
      add_lto_coroutine(lto_O${level} -O${level})
      add_identity_test(a_coroutine_uses_its_threads_heap_at_link_time_O${level}
        identity_coroutine_lto_O${level})
    endforeach()
  endif()

  # Entry points that are merged into their callers. x86 addresses the slot anew each time, so there
  # nothing is wrong with them; nor is there on an ARM whose thread pointer is a call of the C
  # library (__aeabi_read_tp, before ARMv7), which gcc makes anew each time.
  check_c_source_compiles("
    #if defined __arm__ && __ARM_ARCH < 7
    #error
    #endif
    int main(void) { return 0; }
  " ASH_SLOT_ADDRESS_IS_KEPT)
  if(ASH_HAVE_LTO AND ASH_SLOT_ADDRESS_IS_KEPT AND CMAKE_C_COMPILER_ID STREQUAL "GNU"
      AND CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm|riscv|s390x")
    add_lto_coroutine(lto_planted -Wno-attributes "-DASH_NOINLINE=__attribute__((always_inline))")
    add_planted_test(entry_points_are_inlined "malloc after a switch takes from the heap"
      identity_coroutine_lto_planted)
  endif()
endif()

# All that follows needs libraries. (A return here leaves this file alone.)
if(static)
  return()
endif()

# IFUNC --------------------------------------------------------------------------------------

# Static programs resolve before there is any thread-local storage: no malloc can work there. On ARM
# and PowerPC a resolver may not call another library at all.
check_c_source_compiles("
  static int one(void) { return 1; }
  static int (*resolve(void))(void) { return one; }
  int f(void) __attribute__((ifunc(\"resolve\")));
  int main(void) { return f() - 1; }
" ASH_HAVE_IFUNC)
if(ASH_HAVE_IFUNC AND NOT ASH_LIBC_IS_MUSL
    AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|aarch64|riscv64|s390x")
  function(add_ifunc_program target pair forget)
    add_library(${target}_library SHARED ifunc_library.c)
    target_compile_definitions(${target}_library PRIVATE IDENTITY_FORGET=${forget})
    target_link_libraries(${target}_library PRIVATE identity_${pair})
    add_identity_program(${target} ${pair} library ifunc)
    target_link_options(${target} PRIVATE -Wl,-z,now)
    target_link_libraries(${target} PRIVATE ${target}_library)
  endfunction()
  foreach(pair IN LISTS pairs)
    # Without TLS descriptors the dynamic rung calls the loader, whose table is not there yet.
    if(pair MATCHES "^dynamic" AND NOT dialect AND NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
      continue()
    endif()
    add_ifunc_program(identity_ifunc_${pair} ${pair} 0)
    add_identity_test(${pair}_finds_the_heap_of_an_ifunc_resolver identity_ifunc_${pair})
  endforeach()
  add_ifunc_program(identity_ifunc_planted ${first_pair} 1)
  add_planted_test(heap_of_a_resolver_is_forgotten "the first thread has one heap"
    identity_ifunc_planted)
endif()

# Audit ----------------------------------------------------------------------------------------

cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_DEFINITIONS -D_GNU_SOURCE)
check_symbol_exists(LAV_CURRENT link.h ASH_HAVE_AUDIT)
cmake_pop_check_state()
if(ASH_HAVE_AUDIT)
  add_library(identity_audit_library MODULE audit_library.c)
  target_link_libraries(identity_audit_library PRIVATE identity_basics identity_support
    identity_${first_pair})
  add_identity_program(identity_audit ${first_pair} library audit workload)
  set(variable "LD_AUDIT=$<TARGET_FILE:identity_audit_library>")
  if(emulator MATCHES "qemu")
    # In the emulator's own environment the variable would speak to the host's loader.
    add_identity_test(an_audit_namespace_has_an_allocator_of_its_own
      ${emulator} -E "${variable}" $<TARGET_FILE:identity_audit>)
  else()
    add_identity_test(an_audit_namespace_has_an_allocator_of_its_own identity_audit)
    set_tests_properties(identity/an_audit_namespace_has_an_allocator_of_its_own PROPERTIES
      ENVIRONMENT "${variable}")
  endif()
  add_planted_test(no_audit_library_runs "the audit library ran" identity_audit)
endif()

# Several copies ----------------------------------------------------------------------------------

check_c_source_compiles("
#include <features.h>
#if !defined(__GLIBC__) || !__GLIBC_PREREQ(2, 34)
#error
#endif
int main(void) { return 0; }
" ASH_NAMESPACES_MAY_HAVE_MALLOCS)

# musl gives a late library no room at fixed offsets: there the dynamic rung is for such libraries.
add_executable(identity_several several.c)
target_link_libraries(identity_several PRIVATE identity_basics)
foreach(pair IN LISTS pairs)
  if(ASH_LIBC_IS_MUSL AND NOT pair MATCHES "key|map")
    continue()
  endif()
  set(copies "${built}/copies/libidentity_${pair}_00.so")
  add_custom_command(TARGET identity_${pair} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E make_directory "${built}/copies"
    COMMAND ${CMAKE_COMMAND} -DFILE=$<TARGET_FILE:identity_${pair}> -DCOUNT=4
      "-DPATTERN=${copies}" -P "${here}/copies.cmake" VERBATIM)
  set(library $<TARGET_FILE:identity_${pair}>)
  add_identity_test(four_copies_of_${pair}_live_side_by_side
    identity_several ${library} "${copies}" 4 names)
  # glibc's namespaces number their keys from 0 each, and keep the values in one place: a library
  # cannot use keys there. Before 2.34 its loader frees with one namespace's malloc what it has
  # from another's.
  if(ASH_NAMESPACES_MAY_HAVE_MALLOCS AND NOT pair MATCHES "key")
    add_identity_test(three_namespaces_with_${pair}_live_side_by_side
      identity_several ${library} "${copies}" 3 namespaces)
  endif()
endforeach()
add_planted_test(library_is_another_one "the library has no ash_malloc"
  identity_several $<TARGET_FILE:identity_late> "${late_first}" 2 names)
