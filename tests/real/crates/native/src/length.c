#include <stdio.h>
#include <string.h>

int length_of_sum(int a, int b)
{
    char text[40];
    snprintf(text, sizeof text, "%d", a + b);
    return (int)strlen(text);
}
