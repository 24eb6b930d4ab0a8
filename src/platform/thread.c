#include "platform/thread.h"

#include <stddef.h>

#if ASH_SLOT == ASH_SLOT_TLS || ASH_SLOT == ASH_SLOT_DYNAMIC || ASH_SLOT == ASH_SLOT_STATIC
ASH_SLOT_STORAGE struct ash_heap *ash_thread_slot = NULL;
#endif
