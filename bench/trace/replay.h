// The commands of `replay`.

#ifndef ASHLAR_BENCH_TRACE_REPLAY_H
#define ASHLAR_BENCH_TRACE_REPLAY_H

int replay_info(const char *trace);
int replay_prepare(const char *trace, const char *plan);
int replay_run(const char *plan);

#endif
