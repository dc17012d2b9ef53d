// A user's program in C++17, built against the installed library only.
#include <cstdio>
#include <memory>
#include <tenferro.h>

struct release {
    void operator()(tenferro_context *context) const
    {
        tenferro_context_release(context);
    }
    void operator()(tenferro_tensor *tensor) const
    {
        tenferro_tensor_release(tensor);
    }
};
using context_handle = std::unique_ptr<tenferro_context, release>;
using tensor_handle = std::unique_ptr<tenferro_tensor, release>;

static int fail()
{
    std::fprintf(stderr, "%s\n", tenferro_error_message());
    return 1;
}

int main()
{
    tenferro_context_options options = TENFERRO_CONTEXT_OPTIONS_INIT;
    options.threads = 2;
    tenferro_context *raw_context = nullptr;
    if (tenferro_context_create(&options, &raw_context) != TENFERRO_OK)
        return fail();
    const context_handle context(raw_context);

    const int64_t extents[] = {3};
    tenferro_tensor *raw = nullptr;
    if (tenferro_full(context.get(), TENFERRO_FLOAT32, 1, extents, tenferro_real(2.0), &raw) !=
        TENFERRO_OK)
        return fail();
    const tensor_handle x(raw);
    if (tenferro_sum(x.get(), 0, nullptr, 0, &raw) != TENFERRO_OK)
        return fail();
    const tensor_handle sum(raw);
    double value = 0.0;
    if (tenferro_tensor_item(sum.get(), &value, nullptr) != TENFERRO_OK)
        return fail();
    return value == 6.0 ? 0 : 1;
}
