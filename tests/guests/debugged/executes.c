/* Executes another program, when a child that nobody debugs has ended. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words)
{
    if (fork() == 0) {
        puts("forked");
        return 0;
    }
    wait(NULL);
    execv(words[1], words + 1);
    return 1;
}
