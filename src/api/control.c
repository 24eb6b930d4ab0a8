// What the program sets: see ashlar/control.h.

#include "ashlar/control.h"

#include "base/callback.h"
#include "base/compiler.h"
#include "platform/report.h"

ASH_NOINLINE void ash_set_error_handler(ash_error_handler_t *handler, void *argument) {
    ash_callback_set(&ash_report_handler, (ash_callback_fn *)handler, argument);
}

ASH_NOINLINE void ash_set_output(ash_output_t *output, void *argument) {
    ash_callback_set(&ash_report_output, (ash_callback_fn *)output, argument);
}
