#include "base/sealed.h"

#include "base/compiler.h"

ASH_PAGES struct ash_sealed ash_sealed;
