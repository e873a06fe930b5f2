/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd [mixed|liar|leader]: one URING_CMD for /dev/null, with the letters a to z and on in the 80 bytes of its command. Prints what it results in.
 * liar: then it says of the SQ that 3 entries were dropped, and after another command that none was. leader: the thread that began has
 * ended by then.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../ringzoo/zoo.h"

static int run(const char *how)
{
	bool mixed = !strcmp(how, "mixed");
	struct zring r;
	uint8_t *sqe;

	if (!z_ring(&r, 8, 0, mixed ? Z_SQE_MIXED : Z_SQE128))
		return 77;
	sqe = r.sqes;
	memset(sqe, 0, 128);
	z_put(sqe, 0, 1, mixed ? 64 : 46);
	z_put(sqe, 4, 4, (uint32_t)open("/dev/null", O_RDWR));
	z_put(sqe, 32, 8, 0xc0de);
	for (int i = 0; i < 80; i++)
		sqe[48 + i] = (uint8_t)('a' + i % 26);
	z_publish(&r, mixed ? 2 : 1);
	z_enter(&r, mixed ? 2 : 1, 1, 0);
	for (unsigned lie = 3; !strcmp(how, "liar"); lie = 0) {
		*z_word(&r, r.p.sq_off.dropped) = lie;
		memcpy(r.sqes + 128, sqe, 128);
		memcpy(r.sqes + 256, sqe, 128);
		z_publish(&r, 1);
		z_enter(&r, 1, 1, 0);
		if (!lie)
			break;
	}
	printf("%d\n", ((const struct io_uring_cqe *)(const void *)(r.rings + r.p.cq_off.cqes))->res);
	return 0;
}

static void *second(void *how)
{
	usleep(100000);
	exit(run(how));
}

int main(int argc, char **argv)
{
	static char leader[] = "leader";
	pthread_t t;

	if (argc < 2 || strcmp(argv[1], leader) != 0)
		return run(argc > 1 ? argv[1] : "");
	if (pthread_create(&t, NULL, second, leader))
		return 1;
	pthread_exit(NULL);
}
