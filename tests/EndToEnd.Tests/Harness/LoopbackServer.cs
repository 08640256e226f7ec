using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace EndToEnd.Tests.Harness;

/// <summary>An HTTP server of a test. It listens on localhost only, and logs nothing.</summary>
internal static class LoopbackServer
{
    /// <param name="port">0 for a free one.</param>
    /// <returns>Not started yet.</returns>
    public static WebApplication Create(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        return builder.Build();
    }
}
