#ifndef RB_TEST_RANDOM_TROUBLE_H
#define RB_TEST_RANDOM_TROUBLE_H
/* random_trouble: what goes wrong in the world while a random runbook runs. */
#include "random_book.h"
#include "world.h"

static void set_trouble(struct book *b, struct world *w)
{
	static const int signals[] = { 2, 15, 1 };
	uint32_t how = dice(b, 100);

	if (how < 35) {
		w->cancel_at = 1 + (int)dice(b, 20);
		w->signo = signals[dice(b, 3)];
		w->signal_by = how % 3 ? "kim" : NULL;
		w->signal_why = how % 3 == 1 ? "the disk is \"full\"\n" : NULL;
	}
	if (how < 15) {
		w->again_at = w->cancel_at + 1 + (int)dice(b, 6);
		w->again_signo = chance(b, 70) ? 15 : 2;
		w->interactive = chance(b, 40);
	}
	if (how >= 35 && how < 43)
		w->fail_flush_at = 1 + (int)dice(b, 25);
	if (how >= 43 && how < 48)
		w->low_at = 1 + (int)dice(b, 15);
	if (how >= 48 && how < 55)
		w->dry = true;
}

#endif
