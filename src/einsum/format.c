/*
 * A plan for people (text), programs (JSON) and Graphviz (DOT).  Labels of extent 1 do not take
 * part and are not shown.
 */

#include "einsum/plan.h"
#include "support/text.h"

typedef struct writer {
    const tenferro_einsum_plan *plan;
    tf_text text;
} writer;

static void
add_labels(writer *w, const int *labels, int64_t count, const char *between, const char *around)
{
    for (int64_t i = 0, shown = 0; i < count; i++)
        if (labels[i] >= 0)
            tf_text_add(&w->text, "%s%s%s%s", shown++ ? between : "", around,
                        tf_label_name(&w->plan->network, labels[i]).chars, around);
}

/* The labels of one side of a step (TF_IN_A, TF_IN_B), or of its result (0). */
static void add_side(writer *w, int step, int side, const char *between, const char *around)
{
    const tenferro_einsum_plan *plan = w->plan;
    const tf_network *n = &plan->network;
    const tf_step *s = &plan->step[step];
    int node = side == TF_IN_A ? s->a : side == TF_IN_B ? s->b : -1;
    if (node >= 0 && node < n->count) {
        add_labels(w, n->axis_labels + n->first[node], n->first[node + 1] - n->first[node], between,
                   around);
    } else if (side == 0 && step + 1 == plan->steps) {
        add_labels(w, n->out_labels, n->out_rank, between, around);
    } else {
        int shown = 0;
        for (int64_t e = s->at; e < s->at + s->labels; e++)
            if (side ? plan->sides[e] & side : !plan->summed[e])
                tf_text_add(&w->text, "%s%s%s%s", shown++ ? between : "", around,
                            tf_label_name(n, plan->labels[e]).chars, around);
    }
}

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

/* "512 bytes", "1.44 MiB" */
static void add_bytes(tf_text *text, double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes >= 1024.0 && unit + 1 < TF_COUNT(units)) {
        bytes /= 1024.0;
        unit++;
    }
    tf_text_add(text, "%.4g %s", bytes, units[unit]);
}

/* "operand 3" or "step 2", counted as the listing counts: operands from 0, steps from 1 */
static void add_node(writer *w, int node)
{
    int count = w->plan->network.count;
    tf_text_add(&w->text, node < count ? "operand %d" : "step %d",
                node < count ? node : node - count + 1);
}

static void write_text(writer *w)
{
    const tenferro_einsum_plan *plan = w->plan;
    const tenferro_einsum_cost *c = &plan->cost;
    const char *between = plan->network.spelled ? "" : " ";
    tf_text_add(&w->text, "einsum of %d operand%s, %s, in %d step%s\n", plan->network.count,
                plural(plan->network.count), tf_dtype_name(plan->context, plan->dtype), plan->steps,
                plural(plan->steps));
    tf_text_add(&w->text, "  output                ");
    tf_text_add_extents(&w->text, plan->network.out_rank, plan->network.out_extents);
    tf_text_add(&w->text, "\n  multiply-adds         %.6g\n", c->multiply_adds);
    tf_text_add(&w->text, "  operations            %.6g\n", c->flops);
    tf_text_add(&w->text, "  largest step          %.6g multiply-adds\n", c->largest_step);
    tf_text_add(&w->text, "  largest intermediate  %.6g elements\n", c->largest_intermediate);
    tf_text_add(&w->text, "  peak memory           ");
    add_bytes(&w->text, c->peak_bytes);
    tf_text_add(&w->text, "\n");
    for (int i = 0; i < plan->steps; i++) {
        const tf_step *s = &plan->step[i];
        tf_text_add(&w->text, "%6d  ", i + 1);
        add_side(w, i, TF_IN_A, between, "");
        if (s->b >= 0) {
            tf_text_add(&w->text, ",");
            add_side(w, i, TF_IN_B, between, "");
        }
        tf_text_add(&w->text, "->");
        add_side(w, i, 0, between, "");
        tf_text_add(&w->text, "  (");
        add_node(w, s->a);
        if (s->b >= 0) {
            tf_text_add(&w->text, ", ");
            add_node(w, s->b);
        }
        tf_text_add(&w->text, ")  %.6g multiply-adds, %.6g elements\n", s->multiply_adds,
                    s->elements);
    }
}

static void write_json(writer *w, const int64_t *path)
{
    const tenferro_einsum_plan *plan = w->plan;
    const tenferro_einsum_cost *c = &plan->cost;
    const char *around = plan->network.spelled ? "\"" : "";
    tf_text_add(&w->text, "{\"operands\": %d, \"dtype\": \"%s\", \"output\": [",
                plan->network.count, tf_dtype_name(plan->context, plan->dtype));
    for (int i = 0; i < plan->network.out_rank; i++)
        tf_text_add(&w->text, "%s%lld", i ? ", " : "", (long long)plan->network.out_extents[i]);
    tf_text_add(&w->text, "],\n \"path\": [");
    for (int i = 0; i + 1 < plan->network.count; i++)
        tf_text_add(&w->text, "%s[%lld, %lld]", i ? ", " : "", (long long)path[2 * i],
                    (long long)path[2 * i + 1]);
    tf_text_add(&w->text,
                "],\n \"multiply_adds\": %.17g, \"flops\": %.17g, \"largest_step\": %.17g,\n"
                " \"largest_intermediate\": %.17g, \"peak_bytes\": %.17g,\n \"steps\": [",
                c->multiply_adds, c->flops, c->largest_step, c->largest_intermediate, c->peak_bytes);
    for (int i = 0; i < plan->steps; i++) {
        const tf_step *s = &plan->step[i];
        tf_text_add(&w->text, "%s\n  {\"nodes\": [%d", i ? "," : "", s->a);
        if (s->b >= 0)
            tf_text_add(&w->text, ", %d", s->b);
        tf_text_add(&w->text, "], \"result\": %d, \"labels\": [[", plan->network.count + i);
        add_side(w, i, TF_IN_A, ", ", around);
        if (s->b >= 0) {
            tf_text_add(&w->text, "], [");
            add_side(w, i, TF_IN_B, ", ", around);
        }
        tf_text_add(&w->text, "]], \"result_labels\": [");
        add_side(w, i, 0, ", ", around);
        tf_text_add(&w->text, "], \"multiply_adds\": %.17g, \"elements\": %.17g}", s->multiply_adds,
                    s->elements);
    }
    tf_text_add(&w->text, "]}\n");
}

static void write_dot(writer *w)
{
    const tenferro_einsum_plan *plan = w->plan;
    const tf_network *n = &plan->network;
    const char *between = n->spelled ? "" : " ";
    tf_text_add(&w->text, "digraph einsum {\n  rankdir=BT;\n");
    for (int i = 0; i < n->count; i++) {
        tf_text_add(&w->text, "  n%d [shape=box, label=\"%d: ", i, i);
        add_labels(w, n->axis_labels + n->first[i], n->first[i + 1] - n->first[i], between, "");
        tf_text_add(&w->text, "\"];\n");
    }
    for (int i = 0; i < plan->steps; i++) {
        const tf_step *s = &plan->step[i];
        int node = n->count + i;
        tf_text_add(&w->text, "  n%d [label=\"", node);
        add_side(w, i, 0, between, "");
        tf_text_add(&w->text, "\\n%.3g\"];\n  n%d -> n%d;\n", s->multiply_adds, s->a, node);
        if (s->b >= 0)
            tf_text_add(&w->text, "  n%d -> n%d;\n", s->b, node);
    }
    tf_text_add(&w->text, "}\n");
}

tenferro_status
tenferro_einsum_plan_format(const tenferro_einsum_plan *plan, tenferro_einsum_format format,
                            char *buffer, size_t size, size_t *needed)
{
    if (!plan || (!buffer && size > 0))
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_plan_format: an argument is NULL");
    writer w = {.plan = plan};
    tf_text_init(&w.text, buffer, size);
    switch (format) {
    case TENFERRO_EINSUM_TEXT:
        write_text(&w);
        break;
    case TENFERRO_EINSUM_JSON: {
        int64_t room = 2 * ((int64_t)plan->network.count - 1), pairs;
        int64_t *path = tf_malloc(plan->context, room, sizeof *path);
        if (!path)
            return TENFERRO_OUT_OF_MEMORY;
        tenferro_status status = tenferro_einsum_plan_path(plan, room, path, &pairs);
        if (status == TENFERRO_OK)
            write_json(&w, path);
        tf_free(plan->context, path);
        if (status != TENFERRO_OK)
            return status;
        break;
    }
    case TENFERRO_EINSUM_DOT:
        write_dot(&w);
        break;
    default:
        return tf_fail(TENFERRO_INVALID_ARGUMENT, "einsum_plan_format: format %d", (int)format);
    }
    tf_text_finish(&w.text, needed);
    return TENFERRO_OK;
}
