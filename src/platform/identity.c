#include "platform/identity.h"

#include "base/compiler.h"
#include "platform/rungs.h"

#if ASH_ID == ASH_ID_BUILTIN
#include "platform/id_builtin.h"
#elif ASH_ID == ASH_ID_ASM
#include "platform/id_asm.h"
#elif ASH_ID == ASH_ID_TLS
#include "platform/id_tls.h"
#elif ASH_ID == ASH_ID_PTHREAD
#include "platform/id_pthread.h"
#elif ASH_ID == ASH_ID_PLANTED
#include "planted_id.h"
#endif

static const char *const identity_rungs[] = {
    [ASH_ID_BUILTIN] = "builtin", [ASH_ID_ASM] = "asm",         [ASH_ID_TLS] = "tls",
    [ASH_ID_PTHREAD] = "pthread", [ASH_ID_PLANTED] = "planted",
};

static const char *const slot_rungs[] = {
    [ASH_SLOT_TLS] = "tls", [ASH_SLOT_DYNAMIC] = "dynamic", [ASH_SLOT_KEY] = "key",
    [ASH_SLOT_MAP] = "map", [ASH_SLOT_STATIC] = "static",
};

const char *ash_identity_rung(void) {
    return identity_rungs[ASH_ID];
}

const char *ash_slot_rung(void) {
    return slot_rungs[ASH_SLOT];
}

// Out of line: a caller that goes on in another thread, as coroutines do, asks again.
ASH_NOINLINE uintptr_t ash_identity(void) {
    return ash_id_raw();
}
