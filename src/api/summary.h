// A few lines for people on what the process's memory is used for: malloc_stats, and the option
// show_stats.

#ifndef ASH_API_SUMMARY_H
#define ASH_API_SUMMARY_H

// Writes them to standard error.
void ash_summary_write(void);

#endif
