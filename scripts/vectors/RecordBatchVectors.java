import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;

/**
 * Prints record sets as Kafka's own code writes them, one a line: name, blank, base64.
 *
 * Record i has the timestamp 1700000000000 + 10 * i; the key key-i, but null where i is a multiple of 7 and empty where it is one
 * of 11; the value (i + ":") followed by 300 letters, but null where i is a multiple of 13; the headers h1=i and h2=null where i is odd.
 */
public class RecordBatchVectors {
    private static final long BASE_TIMESTAMP = 1_700_000_000_000L;

    public static void main(String[] args) {
        for (CompressionType type : CompressionType.values()) {
            Compression compression = Compression.of(type).build();
            int count = type == CompressionType.NONE ? 30 : 500;
            print(type.name, batch(compression, TimestampType.CREATE_TIME, 100, count, -1, false));
        }
        print("logAppendTime", batch(Compression.NONE, TimestampType.LOG_APPEND_TIME, 100, 3, -1, false));
        print(
            "transactions",
            batch(Compression.NONE, TimestampType.CREATE_TIME, 0, 2, 1, true),
            batch(Compression.gzip().build(), TimestampType.CREATE_TIME, 2, 3, 2, true),
            marker(5, 1, ControlRecordType.ABORT),
            batch(Compression.NONE, TimestampType.CREATE_TIME, 6, 1, 2, true),
            batch(Compression.NONE, TimestampType.CREATE_TIME, 7, 1, 1, true),
            marker(8, 2, ControlRecordType.COMMIT),
            marker(9, 1, ControlRecordType.COMMIT));
    }

    private static ByteBuffer batch(
            Compression compression, TimestampType type, long baseOffset, int count, long producerId, boolean transactional) {
        boolean hasProducer = producerId >= 0;
        MemoryRecordsBuilder builder = new MemoryRecordsBuilder(
            ByteBuffer.allocate(1 << 20), RecordBatch.MAGIC_VALUE_V2, compression, type, baseOffset, BASE_TIMESTAMP + 5,
            producerId, (short) (hasProducer ? 0 : -1), hasProducer ? 0 : -1, transactional, false, 3, 1 << 20);
        for (int i = 0; i < count; i++) {
            Header[] headers = i % 2 == 0 ? new Header[0]
                : new Header[] {new RecordHeader("h1", utf8(Integer.toString(i))), new RecordHeader("h2", (byte[]) null)};
            byte[] key = i % 7 == 0 ? null : i % 11 == 0 ? new byte[0] : utf8("key-" + i);
            byte[] value = i % 13 == 0 ? null : utf8(i + ":" + letters());
            builder.appendWithOffset(baseOffset + i, BASE_TIMESTAMP + 10L * i, key, value, headers);
        }
        return builder.build().buffer();
    }

    private static ByteBuffer marker(long offset, long producerId, ControlRecordType type) {
        return MemoryRecords.withEndTransactionMarker(
            offset, BASE_TIMESTAMP, 3, producerId, (short) 0, new EndTransactionMarker(type, 0)).buffer();
    }

    private static void print(String name, ByteBuffer... batches) {
        ByteBuffer all = ByteBuffer.allocate(Arrays.stream(batches).mapToInt(ByteBuffer::remaining).sum());
        for (ByteBuffer batch : batches) all.put(batch);
        System.out.println(name + " " + Base64.getEncoder().encodeToString(all.array()));
    }

    private static String letters() {
        return "abcdefghij".repeat(30);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
