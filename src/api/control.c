// What the program sets: see ashlar/control.h.

#include "ashlar/control.h"

#include <errno.h>

#include "api/pending.h"
#include "ashlar/options.h"
#include "base/callback.h"
#include "base/compiler.h"
#include "heap/limit.h"
#include "platform/report.h"

ASH_NOINLINE void ash_set_error_handler(ash_error_handler_t *handler, void *argument) {
    ash_callback_set(&ash_report_handler, (ash_callback_fn *)handler, argument);
}

ASH_NOINLINE void ash_set_output(ash_output_t *output, void *argument) {
    ash_callback_set(&ash_report_output, (ash_callback_fn *)output, argument);
}

ASH_NOINLINE void ash_set_deferred_free(ash_deferred_free_t *deferred, void *argument) {
    ash_callback_set(&ash_pending_deferred, (ash_callback_fn *)deferred, argument);
    if (deferred != NULL) {
        ash_notes_leave(ASH_NOTE_DEFERRED);
    } else {
        (void)ash_notes_take(ASH_NOTE_DEFERRED);
    }
}

// Limits ----------------------------------------------------------------------------------

ASH_NOINLINE void ash_set_limit_handler(ash_limit_handler_t *handler, void *argument) {
    ash_callback_set(&ash_pending_limit, (ash_callback_fn *)handler, argument);
}

ASH_NOINLINE int ash_limit_set(size_t soft, size_t hard) {
    if (soft > PTRDIFF_MAX || hard > PTRDIFF_MAX || (hard != 0 && soft > hard)) {
        return EINVAL;
    }
    (void)ash_option_set(ASH_OPTION_LIMIT_SOFT, (int64_t)soft);
    return ash_option_set(ASH_OPTION_LIMIT_HARD, (int64_t)hard);
}

ASH_NOINLINE size_t ash_limit_used(void) {
    return ash_limit_in_use();
}
