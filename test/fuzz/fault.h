// How a harness says that it has found something: a line on standard error, then SIGABRT, which
// every fuzzer takes for a finding. The unit tests' expect() ends here too.

#ifndef ASHLAR_TEST_FUZZ_FAULT_H
#define ASHLAR_TEST_FUZZ_FAULT_H

__attribute__((format(printf, 1, 2))) _Noreturn void fuzz_fail(const char *format, ...);

// What is being done, for the line.
void fuzz_note(const char *operation, unsigned step);

#endif
