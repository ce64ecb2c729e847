// A service manager's ear: prints what is said to its socket, a line each. usage: service_manager PATH
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **words)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (count != 2 || strlen(words[1]) >= sizeof address.sun_path)
        return 2;
    memcpy(address.sun_path, words[1], strlen(words[1]));
    int ear = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (ear < 0 || bind(ear, (const struct sockaddr *)&address, sizeof address) != 0) {
        perror(words[1]);
        return 1;
    }
    char said[512];
    for (ssize_t bytes; (bytes = recv(ear, said, sizeof said - 1, 0)) >= 0;) {
        said[bytes] = '\0';
        puts(said);
        fflush(stdout);
    }
    return 1;
}
