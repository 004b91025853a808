import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Copies a topic by transactions of ten records, which hold the offsets of the input: {@code CopyInTransactions SERVERS INPUT OUTPUT GROUP COUNT BY}.
 * BY is {@code member}, a consumer of the group whose generation is checked, or {@code group}, only its name. Every third transaction is aborted, and
 * its records are read again. Ends after COUNT records, and prints how many transactions were committed and aborted.
 */
public class CopyInTransactions {
    public static void main(String[] args) {
        String servers = args[0];
        String input = args[1];
        String output = args[2];
        String group = args[3];
        int count = Integer.parseInt(args[4]);
        boolean byMember = args[5].equals("member");
        int copied = 0;
        int committed = 0;
        int aborted = 0;
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(consumerSettings(servers, group));
            KafkaProducer<String, String> producer = new KafkaProducer<>(producerSettings(servers, output))) {
            producer.initTransactions();
            if (byMember) consumer.subscribe(List.of(input));
            else assignAll(consumer, input);
            while (copied < count) {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofSeconds(1));
                if (records.isEmpty()) continue;
                producer.beginTransaction();
                for (ConsumerRecord<String, String> record : records)
                    producer.send(new ProducerRecord<>(output, record.partition(), record.key(), record.value()));
                ConsumerGroupMetadata who = byMember ? consumer.groupMetadata() : new ConsumerGroupMetadata(group);
                producer.sendOffsetsToTransaction(nextOffsets(records), who);
                if ((committed + aborted) % 3 == 2) {
                    producer.abortTransaction();
                    aborted++;
                    rewind(consumer);
                } else {
                    producer.commitTransaction();
                    committed++;
                    copied += records.count();
                }
            }
        }
        System.out.println("committed " + committed + ", aborted " + aborted);
    }

    private static Map<TopicPartition, OffsetAndMetadata> nextOffsets(ConsumerRecords<String, String> records) {
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        for (ConsumerRecord<String, String> record : records)
            next.put(new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        return next;
    }

    private static void assignAll(KafkaConsumer<String, String> consumer, String topic) {
        List<TopicPartition> partitions =
            consumer.partitionsFor(topic).stream().map(info -> new TopicPartition(topic, info.partition())).toList();
        consumer.assign(partitions);
    }

    /** Back to what is committed. */
    private static void rewind(KafkaConsumer<String, String> consumer) {
        Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(consumer.assignment());
        for (TopicPartition partition : consumer.assignment()) {
            OffsetAndMetadata offset = committed.get(partition);
            if (offset == null) consumer.seekToBeginning(List.of(partition));
            else consumer.seek(partition, offset);
        }
    }

    private static Map<String, Object> consumerSettings(String servers, String group) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", servers);
        settings.put("group.id", group);
        settings.put("enable.auto.commit", false);
        settings.put("auto.offset.reset", "earliest");
        settings.put("isolation.level", "read_committed");
        settings.put("max.poll.records", 10);
        settings.put("key.deserializer", StringDeserializer.class);
        settings.put("value.deserializer", StringDeserializer.class);
        return settings;
    }

    private static Map<String, Object> producerSettings(String servers, String transactionalId) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", servers);
        settings.put("transactional.id", transactionalId);
        settings.put("key.serializer", StringSerializer.class);
        settings.put("value.serializer", StringSerializer.class);
        return settings;
    }
}
