#include "api/summary.h"

#include "api/stats.h"
#include "ashlar/ashlar.h"
#include "base/fmt.h"
#include "platform/os.h"
#include "platform/report.h"

static void summary_line(struct ash_fmt *out, const char *name, size_t bytes) {
    ash_fmt_text(out, name);
    ash_fmt_uint(out, bytes);
    ash_fmt_text(out, "\n");
}

void ash_summary_write(void) {
    struct ash_figures f = ash_figures_take();
    char text[600];
    struct ash_fmt out;
    ash_fmt_init(&out, text, sizeof text);
    ash_fmt_text(&out, "ashlar:\n");
    summary_line(&out, "process          = ", ash_os_process_id());
    summary_line(&out, "active bytes     = ", f.active + f.huge);
    summary_line(&out, "in use bytes     = ", f.allocated);
    summary_line(&out, "huge blocks      = ", f.huge_count);
    summary_line(&out, "huge bytes       = ", f.huge);
    summary_line(&out, "free, not purged = ", f.dirty);
    struct ash_thread_identity identity;
    ash_thread_identity(&identity, sizeof identity);
    ash_fmt_text(&out, "heap slot        = ");
    ash_fmt_text(&out, identity.slot_now);
    ash_fmt_text(&out, "\n");
    summary_line(&out, "slots refilled   = ", identity.rebound);
    summary_line(&out, "foreign heaps    = ", identity.foreign);
    ash_report_write(out.text);
}
