// Reads the options where they are set: in the build, in the program, in the environment. The
// public functions of ashlar/options.h are here too; docs/options.md lists the options.

#ifndef ASH_API_OPTIONS_H
#define ASH_API_OPTIONS_H

#include "base/options.h"

// Once, at boot. A bad value leaves the one before it and is said in one line. A privileged
// process (AT_SECURE) does not look at the environment.
void ash_options_boot(void);

// Whether some source of options has the name of that one, whatever it says. Before boot, too.
bool ash_options_mention(enum ash_option option);

#endif
