/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To wait for a word of shared memory. */
#ifndef URINGTOP_FUTEX_H
#define URINGTOP_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

/* Waits until *word is not was, for so many seconds at the most; may come back early. */
void futex_wait(_Atomic uint32_t *word, uint32_t was, double seconds);
/* Wakes all who wait for it. */
void futex_wake(_Atomic uint32_t *word);

#endif
