/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that a process and the helper processes that it forks share at the same addresses, so that what a helper builds can be used
 * where it is: nothing is copied or serialized. One pool a program.
 */
#ifndef URINGTOP_POOL_H
#define URINGTOP_POOL_H

#include <stdbool.h>
#include <stddef.h>

/* Opens the pool: address space alone, memory is taken when it is touched. 0, or -1 with errno. More calls do nothing. */
int pool_open(void);
bool pool_is_open(void);

/* A block of at least *size bytes, *size is what it has in the end. NULL: the pool is exhausted. Any process may free it. */
void *pool_take(size_t *size);
/* size: what pool_take has answered. */
void pool_give(void *block, size_t size);

#endif
