// Says whether this process's malloc is ashlar's, after having used both.

#include <ashlar/ashlar.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    void *native = ash_malloc(100);
    void *common = malloc(100);
    int active = ash_is_active();
    free(common);
    ash_free(native);
    printf("%s\n", active ? "active" : "beside");
    return native == NULL || common == NULL;
}
