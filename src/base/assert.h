// Three strengths of "this cannot happen".
//
//   ash_assert(c)      Proven true. Debug builds test it; release builds compile
//                      it and delete it.
//   ash_check(c, e)    True unless the program broke its heap. Every build tests
//                      it and dies with what the catalogue says of `e`. One
//                      compare and branch.
//   *_audit(x)         Walks a whole structure with ash_assert. Calls to it are
//                      guarded by `if (ASH_AUDIT)`.

#ifndef ASH_BASE_ASSERT_H
#define ASH_BASE_ASSERT_H

#include "base/compiler.h"
#include "base/config.h"
#include "base/errors.h"

// Defined one floor up, in platform/report.c: they need a way to write and die.
ASH_COLD _Noreturn void ash_assert_failed(const char *what, const char *file, int line);
ASH_COLD _Noreturn void ash_fatal(enum ash_error error);

#define ash_assert(c) ((void)(!ASH_DEBUG || (c) || (ash_assert_failed(#c, __FILE__, __LINE__), 0)))
#define ash_check(c, error) ((void)(ash_likely(c) || (ash_fatal(error), 0)))

#endif
