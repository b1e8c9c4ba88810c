#ifndef RB_BASE_BANNED_H
#define RB_BASE_BANNED_H
/*
 * banned: included before every file by the Makefile. Functions that cannot be
 * used safely do not compile. The headers come first, because a poisoned name
 * may not even be declared afterwards. tests/check/banned.sh knows more names,
 * which cannot be poisoned because library headers mention them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok strncpy strncat gets

#endif
