// Frees a block twice. Without hardening nobody need notice: the status is then 0.

#include <ashlar/ashlar.h>

int main(void) {
    void *block = ash_malloc(100);
    ash_free(block);
    ash_free(block);
    return 0;
}
