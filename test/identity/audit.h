// The file descriptor that audit_library.c leaves open as a sign that it ran.

#ifndef ASHLAR_TEST_IDENTITY_AUDIT_H
#define ASHLAR_TEST_IDENTITY_AUDIT_H

enum { AUDIT_MARK = 77 };

#endif
