#include "calls.h"

int main(void) {
    call_everything();
    return faults == 0 ? 0 : 1;
}
