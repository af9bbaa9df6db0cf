// The driver of driver.c for the generated C#: the same lines in and out. Each packet is filled
// again and again, as an application would, so that what one leaves behind would show in the next.
//
//   mono driver.exe <versions>

using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Text;
using Portcullis.Pcwire;

static class Driver
{
    private static readonly byte[] Buffer = new byte[Frame.SIZE_LIMIT];

    private static byte[] Bytes(string hex)
    {
        var bytes = new byte[hex.Length / 2];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = Convert.ToByte(hex.Substring(2 * i, 2), 16);
        }
        return bytes;
    }

    private static string Answer(IPacket packet, byte[] payload, int versions)
    {
        if (packet.Decode(payload) != WireError.OK)
        {
            return "no";
        }
        var answer = new StringBuilder("ok");
        for (int version = 1; version <= versions; version++)
        {
            WireError error = packet.Encode(Buffer, out int size, version);
            answer.Append(' ');
            answer.Append(error == WireError.OK
                ? BitConverter.ToString(Buffer, 0, size).Replace("-", "").ToLowerInvariant()
                : Frame.NameOf(error));
        }
        return answer.ToString();
    }

    private static void Main(string[] arguments)
    {
        Dictionary<ushort, IPacket> packets = Assembly.GetExecutingAssembly().GetTypes()
            .Where(type => typeof(IPacket).IsAssignableFrom(type) && !type.IsInterface)
            .Select(type => (IPacket)Activator.CreateInstance(type))
            .ToDictionary(packet => packet.Id);
        string line;
        while ((line = Console.ReadLine()) != null)
        {
            string[] parts = line.Split(' ');
            IPacket packet = packets[ushort.Parse(parts[0])];
            Console.WriteLine(Answer(packet, Bytes(parts[1]), int.Parse(arguments[0])));
        }
    }
}
