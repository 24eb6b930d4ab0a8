// The id of one rung, by itself: raw_id_asm() or raw_id_builtin().

#include <stdint.h>

#include "base/compiler.h"
#include "platform/rungs.h"

#if ASH_ID == ASH_ID_BUILTIN
#include "platform/id_builtin.h"
#else
#include "platform/id_asm.h"
#endif

uintptr_t RAW_ID_NAME(void);

uintptr_t RAW_ID_NAME(void) {
    return ash_id_raw();
}
