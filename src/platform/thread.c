#include "platform/thread.h"

#include <stddef.h>

ASH_THREAD_LOCAL struct ash_heap *ash_thread_slot = NULL;
