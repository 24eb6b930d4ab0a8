#define _GNU_SOURCE

#include "platform/fault.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "base/sealed.h"

// Set once, constant after; but for a handler that was to be called once alone. Who is told is in
// base/sealed.h.
static struct sigaction fault_segv_before, fault_bus_before;

// The default action ends the process. A bad access happens again when the handler returns; a
// signal that somebody has sent has to be sent again, and comes when the handler has returned.
static void fault_end(int number, bool sent) {
    struct sigaction plain = {0};
    plain.sa_handler = SIG_DFL;
    (void)sigaction(number, &plain, NULL);
    if (sent) {
        (void)raise(number);
    }
}

static void fault_hand_on(int number, siginfo_t *info, void *context, bool sent) {
    struct sigaction *before = number == SIGBUS ? &fault_bus_before : &fault_segv_before;
    struct sigaction now = *before;
    bool is_plain = (now.sa_flags & SA_SIGINFO) == 0;
    if (is_plain && now.sa_handler == SIG_IGN && sent) {
        return;
    }
    if (is_plain && (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN)) {
        fault_end(number, sent);
        return;
    }
    if ((now.sa_flags & (int)SA_RESETHAND) != 0) {
        struct sigaction plain = {0};
        plain.sa_handler = SIG_DFL;
        *before = plain;
        (void)sigaction(number, &plain, NULL);
    }
    if (is_plain) {
        now.sa_handler(number);
    } else {
        now.sa_sigaction(number, info, context);
    }
}

static void fault_handle(int number, siginfo_t *info, void *context) {
    int saved_errno = errno;
    bool sent = info->si_code <= 0;
    if (!sent) {
        ash_sealed.fault_told(info->si_addr);
    }
    errno = saved_errno;
    fault_hand_on(number, info, context, sent);
}

static bool fault_install(int number, struct sigaction *before) {
    if (sigaction(number, NULL, before) != 0) {
        return false;
    }
    struct sigaction ours = *before;
    ours.sa_sigaction = fault_handle;
    ours.sa_flags = SA_SIGINFO | (before->sa_flags & (SA_ONSTACK | SA_NODEFER | SA_RESTART));
    return sigaction(number, &ours, NULL) == 0;
}

bool ash_fault_watch(ash_fault_told *told) {
    static bool watching;
    ash_sealed.fault_told = told;
    watching = watching || (fault_install(SIGSEGV, &fault_segv_before) &&
                            fault_install(SIGBUS, &fault_bus_before));
    return watching;
}
