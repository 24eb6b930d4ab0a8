// The headers in C.

#include <stdalign.h>

struct wide {
    alignas(256) char bytes[256];
};

#include "headers.h"

int main(void) {
    return use_all();
}
