import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

/** Reads keys from standard input, one a line in hex; prints the murmur2 hash of each and its partition of each count given as argument. */
public class PartitionVectors {
    public static void main(String[] counts) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            byte[] key = HexFormat.of().parseHex(line.strip());
            StringBuilder out = new StringBuilder(Integer.toString(Utils.murmur2(key)));
            for (String count : counts) {
                out.append(' ').append(BuiltInPartitioner.partitionForKey(key, Integer.parseInt(count)));
            }
            System.out.println(out);
        }
    }
}
