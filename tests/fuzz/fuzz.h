/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry; driver.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
