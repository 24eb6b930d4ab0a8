// Reads the options from the environment: ASHLAR_<NAME>=value, and all at once in
// ASHLAR_OPTIONS="name=value,name=value". docs/options.md lists them.

#ifndef ASH_API_OPTIONS_H
#define ASH_API_OPTIONS_H

#include "base/options.h"

// Once, at boot. A bad value keeps the default and says so in one line. A
// privileged process (AT_SECURE) takes the defaults.
void ash_options_boot(void);

#endif
