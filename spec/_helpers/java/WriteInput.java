import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes topics by Kafka's own producer: {@code WriteInput SERVERS (TOPIC PARTITIONS KIND CODEC)...}. Prints a line for each partition, of what a
 * reader of committed records must find once the log is compacted: topic, partition, count, SHA-256 of all offsets, lengths, keys and values.
 */
public class WriteInput {
    private final String topic;
    private final int partitions;
    private final Random random = new Random(7);
    /** By partition, then by offset. */
    private final List<TreeMap<Long, ProducerRecord<byte[], byte[]>>> expected = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        for (int at = 1; at < args.length; at += 4) {
            WriteInput writer = new WriteInput(args[at], Integer.parseInt(args[at + 1]));
            writer.write(args[0], args[at + 2], args[at + 3]);
            writer.print();
        }
    }

    private void write(String servers, String kind, String codec) throws Exception {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("bootstrap.servers", servers);
        settings.put("linger.ms", 5);
        settings.put("compression.type", codec);
        switch (kind) {
            case "plain" -> plain(settings);
            case "transactions" -> transactions(settings);
            case "compacted" -> compacted(settings);
            case "one-batch" -> oneBatch(settings);
            case "large" -> large(settings);
            default -> throw new IllegalArgumentException(kind);
        }
    }

    private WriteInput(String topic, int partitions) {
        this.topic = topic;
        this.partitions = partitions;
        for (int partition = 0; partition < partitions; partition++) expected.add(new TreeMap<>());
    }

    /** Records of all shapes: without key, empty, tombstones, up to some kilobytes. */
    private void plain(Map<String, Object> settings) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(settings)) {
            List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
            for (int i = 0; i < 4_000; i++) {
                byte[] key = i % 7 == 0 ? null : utf8(i % 11 == 0 ? "" : "key " + i);
                byte[] value = i % 13 == 0 ? null : utf8("value " + i + " ".repeat(random.nextInt(i % 100 == 0 ? 5_000 : 50)));
                records.add(new ProducerRecord<>(topic, i % partitions, key, value));
            }
            keep(send(producer, records));
        }
    }

    /** Every third transaction is aborted, the last one among them. */
    private void transactions(Map<String, Object> settings) throws Exception {
        settings.put("transactional.id", topic);
        try (KafkaProducer<byte[], byte[]> producer = producer(settings)) {
            producer.initTransactions();
            for (int transaction = 0; transaction < 30; transaction++) {
                producer.beginTransaction();
                boolean aborts = transaction % 3 == 2;
                List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
                for (int i = 0; i < 60; i++)
                    records.add(new ProducerRecord<>(topic, i % partitions, utf8("t" + transaction), utf8((aborts ? "aborted " : "kept ") + i)));
                Map<RecordMetadata, ProducerRecord<byte[], byte[]>> sent = send(producer, records);
                if (aborts) {
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                    keep(sent);
                }
            }
        }
    }

    /** The same keys again and again, in segments of their own; then a transaction that is aborted, so that the log ends without a record. */
    private void compacted(Map<String, Object> settings) throws Exception {
        int keys = 120;
        int rounds = 12;
        Map<String, Object> survivors = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            // A producer of its own each time: of each the cleaner keeps the last batch, be it empty.
            try (KafkaProducer<byte[], byte[]> producer = producer(settings)) {
                List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
                for (int key = 0; key < keys; key++) {
                    boolean isLast = round == rounds - 1 || (key % 5 == 0 && round == 3);
                    if (key % 5 == 0 && round > 3) continue;
                    ProducerRecord<byte[], byte[]> record =
                        new ProducerRecord<>(topic, key % partitions, utf8("key " + key), utf8("round " + round));
                    records.add(record);
                    if (isLast) survivors.put("key " + key, record);
                }
                Map<RecordMetadata, ProducerRecord<byte[], byte[]>> sent = send(producer, records);
                sent.values().removeIf(record -> !survivors.containsValue(record));
                keep(sent);
            }
            // Longer than segment.ms, so that the next record begins a segment.
            Thread.sleep(120);
        }
        settings.put("transactional.id", topic);
        try (KafkaProducer<byte[], byte[]> producer = producer(settings)) {
            producer.initTransactions();
            producer.beginTransaction();
            List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
            for (int key = 0; key < keys; key++)
                records.add(new ProducerRecord<>(topic, key % partitions, utf8("key " + key), utf8("aborted")));
            send(producer, records);
            producer.abortTransaction();
        }
    }

    /** 125,000 records of one byte each in one batch. */
    private void oneBatch(Map<String, Object> settings) throws Exception {
        settings.put("linger.ms", 100_000);
        settings.put("delivery.timeout.ms", 200_000);
        settings.put("batch.size", 64 << 20);
        settings.put("buffer.memory", 128 << 20);
        settings.put("max.request.size", 64 << 20);
        try (KafkaProducer<byte[], byte[]> producer = producer(settings)) {
            List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
            for (int i = 0; i < 125_000; i++)
                records.add(new ProducerRecord<>(topic, 0, null, new byte[] {(byte) ('a' + i % 26)}));
            keep(send(producer, records));
        }
    }

    /** Records of 10 MB that cannot be compressed. */
    private void large(Map<String, Object> settings) throws Exception {
        settings.put("max.request.size", 16 << 20);
        settings.put("buffer.memory", 64 << 20);
        try (KafkaProducer<byte[], byte[]> producer = producer(settings)) {
            for (int i = 0; i < 12; i++) {
                byte[] value = new byte[10_000_000];
                random.nextBytes(value);
                keep(send(producer, List.of(new ProducerRecord<>(topic, i % partitions, utf8("large " + i), value))));
            }
        }
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> settings) {
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private Map<RecordMetadata, ProducerRecord<byte[], byte[]>> send(
            KafkaProducer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records) throws Exception {
        List<Future<RecordMetadata>> answers = new ArrayList<>();
        for (ProducerRecord<byte[], byte[]> record : records) answers.add(producer.send(record));
        producer.flush();
        Map<RecordMetadata, ProducerRecord<byte[], byte[]>> sent = new LinkedHashMap<>();
        for (int i = 0; i < records.size(); i++) sent.put(answers.get(i).get(), records.get(i));
        return sent;
    }

    private void keep(Map<RecordMetadata, ProducerRecord<byte[], byte[]>> sent) {
        sent.forEach((at, record) -> expected.get(at.partition()).put(at.offset(), record));
    }

    private void print() throws Exception {
        for (int partition = 0; partition < partitions; partition++) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Map.Entry<Long, ProducerRecord<byte[], byte[]>> entry : expected.get(partition).entrySet()) {
                byte[] key = entry.getValue().key();
                byte[] value = entry.getValue().value();
                digest.update(utf8(entry.getKey() + " " + length(key) + " " + length(value) + "\n"));
                if (key != null) digest.update(key);
                if (value != null) digest.update(value);
            }
            System.out.println(topic + " " + partition + " " + expected.get(partition).size() + " " + HexFormat.of().formatHex(digest.digest()));
        }
    }

    private static int length(byte[] bytes) {
        return bytes == null ? -1 : bytes.length;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
