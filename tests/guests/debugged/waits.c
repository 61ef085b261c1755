/* Spins, or sleeps, until the debugger says that it is over. */
#include <stdio.h>
#include <unistd.h>

volatile int over;

int main(int count, char **words)
{
    while (!over)
        if (count > 1 && words[1][1] == 'l')
            sleep(2);
    puts("over");
    return 7;
}
