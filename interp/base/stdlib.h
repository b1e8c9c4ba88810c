#ifndef RB_BASE_STDLIB_H
#define RB_BASE_STDLIB_H
/*
 * stdlib: the texts of the std modules, stdlib/NAME.yml and
 * stdlib/NAME/ACTION.yml, made part of the program by the Makefile. `uses:
 * std/NAME@1`, `std/NAME/ACTION@1`.
 */
#include <stddef.h>

struct stdlib_module { const char *name; const char *text; };
extern const struct stdlib_module stdlib_modules[]; /* by name */
extern const size_t stdlib_count;

#endif
