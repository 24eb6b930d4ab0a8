// A server that keeps what strangers send and what it decides by apart. With ASHLAR_HARDEN=2 and
// above a stale pointer to a session cannot lead to a message any more.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/typed.h>

struct session {
    int may_write;
    char name[60];
};

static struct session *session_new(const char *name) {
    struct session *session = ash_calloc_typed(1, sizeof *session, ASH_TYPE("struct session"));
    if (session != NULL) {
        snprintf(session->name, sizeof session->name, "%s", name);
    }
    return session;
}

// As large as a session, if a stranger likes.
static char *message_new(const char *text) {
    size_t bytes = strlen(text) + 1;
    char *message = ash_malloc_typed(bytes, ASH_TYPE("message"));
    return message == NULL ? NULL : memcpy(message, text, bytes);
}

int main(void) {
    struct session *other = session_new("other"), *session = session_new("guest");
    if (other == NULL || session == NULL) {
        return EXIT_FAILURE;
    }
    ash_free(session);  // and somewhere a pointer is left
    char *message = message_new("a message that is exactly as long as a session, byte for byte...");
    printf("%s: the message is %s\n", other->name,
           message == (char *)session ? "where the session was" : "elsewhere");
    ash_free(message);
    ash_free(other);
    return EXIT_SUCCESS;
}
