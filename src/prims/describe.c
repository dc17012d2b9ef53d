/* What a plan says about itself. */

#include "kernels/kernels.h"
#include "prims/plan.h"
#include "support/text.h"

/* The shape of a contraction: batch, m, n, k, and what is summed of one operand alone. */
static void describe_shape(const tenferro_plan *plan, tf_text *text)
{
    static const char *const names[] = {"batch", "m", "n", "k", "sum of A", "sum of B"};
    const unsigned a = 1u << TF_ROLE_A, b = 1u << TF_ROLE_B;
    double sizes[TF_COUNT(names)] = {1, 1, 1, 1, 1, 1};
    for (int i = 0; i < plan->labels; i++) {
        unsigned in = plan->in[i];
        int both = (in & a) && (in & b), group;
        if (i < plan->kept)
            group = both ? 0 : in & a ? 1 : 2;
        else
            group = both ? 3 : in & a ? 4 : 5;
        sizes[group] *= (double)plan->extents[i];
    }
    tf_text_add(text, "shape:");
    for (size_t i = 0; i < TF_COUNT(names); i++)
        if (i > 0 && i < 4)
            tf_text_add(text, " %s %.0f", names[i], sizes[i]);
        else if (sizes[i] != 1)
            tf_text_add(text, " %s %.0f", names[i], sizes[i]);
    tf_text_add(text, "\n");
}

/* The route, its kernel and its blocks, and how long that should take. */
static void describe_route(const tenferro_plan *plan, tf_text *text)
{
    tf_contract_report report;
    tf_contract_plan_report(&plan->engine, plan->prepared, &report);
    tf_text_add(text, "route: %s%s\n", tf_route_name(report.route),
                plan->route != TF_ROUTE_AUTO ? " (forced)" : "");
    if (report.mr > 0)
        tf_text_add(text, "tile: %d x %d\n", report.mr, report.nr);
    if (report.mc > 0)
        tf_text_add(text, "blocks: m %lld n %lld k %lld\n", (long long)report.mc,
                    (long long)report.nc, (long long)report.kc);
    tf_text_add(text, "predicted: %.4g us on one thread\n", 1e6 * report.seconds);
}

tenferro_status
tenferro_plan_describe(const tenferro_plan *plan, char *buffer, size_t size, size_t *needed)
{
    if (!plan || (!buffer && size > 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "plan_describe: NULL argument");
    static const char *const roles[] = {"A", "B", "C", "D"};
    tf_text text;
    tf_text_init(&text, buffer, size);
    tf_text_add(&text, "operation: %s", tf_plan_rules_of(plan->kind)->name);
    if (plan->kind == TF_PLAN_ELEMENTWISE && !plan->is_empty)
        tf_text_add(&text, " %s", tf_map_name(plan->map));
    for (int i = 0; i < TF_ROLES; i++)
        if (plan->operand[i].present)
            tf_text_add(&text, "%s%s %s%s", i ? ", " : " of ", roles[i],
                        tf_dtype_name(NULL, plan->operand[i].dtype),
                        plan->operand[i].conj ? " conj" : "");
    tf_text_add(&text, "\n");
    if (plan->is_empty) {
        tf_text_add(&text, "empty: nothing is written\n");
    } else {
        if (plan->kind == TF_PLAN_CONTRACTION) {
            describe_route(plan, &text);
            describe_shape(plan, &text);
        }
        tf_text_add(&text, "loops: ");
        tf_text_add_extents(&text, plan->kept, plan->extents);
        tf_text_add(&text, " over ");
        tf_text_add_extents(&text, plan->labels - plan->kept, plan->extents + plan->kept);
        tf_text_add(&text, "\n");
    }
    tf_text_add(&text, "kernels: %s\nflops: %.6g\nbytes: %.6g\nworkspace: %lld\n",
                tf_kernels_name(plan->engine.kernels), plan->flops, plan->bytes,
                (long long)plan->workspace);
    tf_text_finish(&text, needed);
    return TENFERRO_OK;
}
