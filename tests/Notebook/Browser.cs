using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Retort.Tests.Notebook;

/// <summary>A headless Chromium, by its DevTools protocol: pages are opened, measured, clicked and pictured.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _waiting = new();
    private readonly CancellationTokenSource _over = new(TimeSpan.FromMinutes(15));
    private int _last;

    private Browser(Process process, string profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Addresses that the page asked for.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Exceptions and console errors of the page.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    /// <summary>Starts Chromium; skips the running test where there is none.</summary>
    public static async Task<Browser> StartAsync()
    {
        var program = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);
        Skip.If(program is null, "chromium is not on this machine");
        var profile = Directory.CreateTempSubdirectory("retort-browser-").FullName;
        var start = new ProcessStartInfo(program!) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in new[] { "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank" })
        {
            start.ArgumentList.Add(argument);
        }
        var process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var browser = new Browser(process, profile);
        var port = await browser.PortAsync();
        using var http = new HttpClient();
        var targets = JsonNode.Parse(await http.GetStringAsync($"http://127.0.0.1:{port}/json/list"))!.AsArray();
        var address = targets.First(target => target!["type"]!.ToString() == "page")!["webSocketDebuggerUrl"]!.ToString();
        await browser._socket.ConnectAsync(new Uri(address), browser._over.Token);
        _ = Task.Run(browser.ReadAsync);
        foreach (var domain in new[] { "Page", "Network", "Runtime", "Log" })
        {
            await browser.Send($"{domain}.enable");
        }
        return browser;
    }

    public async Task<JsonNode> Send(string method, JsonObject? parameters = null)
    {
        int id = Interlocked.Increment(ref _last);
        var source = _waiting[id] = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        var text = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] }.ToJsonString();
        await _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, _over.Token);
        var answer = await source.Task.WaitAsync(TimeSpan.FromMinutes(5), _over.Token);
        return answer["error"] is { } error ? throw new InvalidOperationException($"{method}: {error.ToJsonString()}") : answer["result"]!;
    }

    /// <summary>Sets the size of the window, and whether the reader likes it dark.</summary>
    public async Task Window(int width, int height, bool dark = false)
    {
        await Send("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600 });
        await Send("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }) });
    }

    public async Task Open(string address)
    {
        await Send("Page.navigate", new JsonObject { ["url"] = address });
        await Until("document.readyState === 'complete'");
    }

    /// <summary>The value of a JavaScript expression, promises awaited.</summary>
    public async Task<JsonNode?> Evaluate(string expression)
    {
        var result = await Send("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true });
        return result["exceptionDetails"] is { } details ? throw new InvalidOperationException(details.ToJsonString()) : result["result"]!["value"];
    }

    /// <summary>Waits until an expression is true.</summary>
    public async Task Until(string condition, double seconds = 120)
    {
        var watch = Stopwatch.StartNew();
        while ((await Evaluate($"!!({condition})"))?.GetValue<bool>() != true)
        {
            Assert.True(watch.Elapsed.TotalSeconds < seconds, $"after {seconds} s still not: {condition}; errors: {string.Join("; ", Errors)}");
            await Task.Delay(100);
        }
    }

    /// <summary>A picture of the page, into RETORT_SCREENSHOTS if that folder is named.</summary>
    public async Task<byte[]> Picture(string name, bool whole = false)
    {
        var result = await Send("Page.captureScreenshot", new JsonObject { ["format"] = "png", ["captureBeyondViewport"] = whole });
        var bytes = Convert.FromBase64String(result["data"]!.ToString());
        if (Environment.GetEnvironmentVariable("RETORT_SCREENSHOTS") is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllBytesAsync(Path.Combine(folder, name + ".png"), bytes);
        }
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        for (int attempt = 0; attempt < 20 && Directory.Exists(_profile); attempt++)
        {
            try
            {
                Directory.Delete(_profile, recursive: true);
            }
            catch (IOException)
            {
                await Task.Delay(100); // Chromium's own children are still closing their files
            }
        }
    }

    private async Task<string> PortAsync()
    {
        var file = Path.Combine(_profile, "DevToolsActivePort");
        for (int attempt = 0; attempt < 1200; attempt++)
        {
            if (File.Exists(file) && (await File.ReadAllLinesAsync(file)) is [var port, ..])
            {
                return port;
            }
            await Task.Delay(100);
        }
        throw new TimeoutException("chromium did not open its port within 120 s");
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[1 << 16];
        var message = new MemoryStream();
        while (!_over.IsCancellationRequested)
        {
            WebSocketReceiveResult part;
            try
            {
                part = await _socket.ReceiveAsync(buffer, _over.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or ObjectDisposedException)
            {
                return; // closed
            }
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                Take(JsonNode.Parse(message.ToArray())!);
                message.SetLength(0);
            }
        }
    }

    private void Take(JsonNode message)
    {
        if (message["id"] is { } id)
        {
            if (_waiting.TryRemove(id.GetValue<int>(), out var source))
            {
                source.TrySetResult(message);
            }
            return;
        }
        switch (message["method"]?.ToString())
        {
            case "Network.requestWillBeSent":
                Requests.Enqueue(message["params"]!["request"]!["url"]!.ToString());
                break;
            case "Runtime.exceptionThrown":
                Errors.Enqueue(message["params"]!["exceptionDetails"]!.ToJsonString());
                break;
            case "Log.entryAdded" when message["params"]!["entry"]!["level"]!.ToString() == "error":
                Errors.Enqueue(message["params"]!["entry"]!["text"]!.ToString());
                break;
            default:
                break;
        }
    }
}
