// Hooks: called before and after forward by call(), in the order of their registration.

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public class HookableModule<TPreHook, TPostHook> : Module
        {
            internal List<(string Key, TPreHook? Typed, Action<Module>? Plain)>? preHooks;
            internal List<(string Key, TPostHook? Typed, Action<Module>? Plain)>? postHooks;
            private int hooksMade;

            protected HookableModule(string name) : base(name) { }

            public HookRemover register_forward_hook(TPostHook hook) => AddPost(hook, null);

            public HookRemover register_forward_hook(Action<Module> hook) => AddPost(default, hook);

            public HookRemover register_forward_pre_hook(TPreHook hook) => AddPre(hook, null);

            public HookRemover register_forward_pre_hook(Action<Module> hook) => AddPre(default, hook);

            private HookRemover AddPost(TPostHook? typed, Action<Module>? plain)
            {
                var key = $"hook{hooksMade++}";
                // A new list, so that a hook may add or remove hooks while they are being called.
                postHooks = [.. postHooks ?? [], (key, typed, plain)];
                return new HookRemover(this, key);
            }

            private HookRemover AddPre(TPreHook? typed, Action<Module>? plain)
            {
                var key = $"hook{hooksMade++}";
                preHooks = [.. preHooks ?? [], (key, typed, plain)];
                return new HookRemover(this, key);
            }

            private void Remove(string key)
            {
                preHooks = preHooks?.FindAll(h => h.Key != key) is { Count: > 0 } pre ? pre : null;
                postHooks = postHooks?.FindAll(h => h.Key != key) is { Count: > 0 } post ? post : null;
            }

            public class HookRemover(HookableModule<TPreHook, TPostHook> module, string key)
            {
                public void remove() => module.Remove(key);
            }
        }
    }
}
