/* What a debugger looks at: functions with arguments, a variable that changes, an exit status. */
#include <stdio.h>

int total;

int twice(int value, int times)
{
    int result = value * 2;
    total += result;
    return result + times;
}

int sum(int count)
{
    int all = 0;
    for (int i = 1; i <= count; i++)
        all += twice(i, count);
    return all;
}

int main(void)
{
    printf("%d\n", sum(5));
    printf("%d\n", total);
    return 3;
}
