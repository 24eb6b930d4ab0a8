// plain: a program that knows of malloc and free, and of nothing else. Linked with libashlar.a, it
// must contain ashlar.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char *volatile text = malloc(100);
    if (text == NULL) {
        return 1;
    }
    strcpy(text, "plain");
    puts(text);
    free(text);
    return 0;
}
