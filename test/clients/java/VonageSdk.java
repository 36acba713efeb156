import com.vonage.client.HttpConfig;
import com.vonage.client.VonageClient;
import com.vonage.client.sms.MessageStatus;
import com.vonage.client.sms.messages.TextMessage;
import com.vonage.client.voice.Call;
import com.vonage.client.voice.CallStatus;
import com.vonage.client.voice.ncco.TalkAction;
import java.nio.file.Path;
import java.util.List;

/**
 * One call with the Vonage SDK: VonageSdk CALL APPLICATION_ID KEY_FILE [REST_URL API_URL]. It knows no proxy of the environment,
 * and is given it; its own hosts without URLs.
 */
public class VonageSdk {
  public static void main(String[] arguments) throws Exception {
    HttpConfig.Builder config = HttpConfig.builder();
    String proxy = System.getenv("HTTPS_PROXY");
    if (proxy != null) config.proxy(proxy);
    if (arguments.length > 3) config.restBaseUri(arguments[3]).apiBaseUri(arguments[4]);
    VonageClient vonage =
        VonageClient.builder()
            .apiKey("a1b2c3d4")
            .apiSecret("placeholder-Gg6Hh7Ii8")
            .applicationId(arguments[1])
            .privateKeyPath(Path.of(arguments[2]))
            .httpConfig(config.build())
            .build();
    if (!call(vonage, arguments[0])) throw new IllegalStateException("the API refused the call");
  }

  private static boolean call(VonageClient vonage, String name) {
    if (name.equals("balance")) return vonage.getAccountClient().getBalance().getValue() > 0;
    if (name.equals("voice")) {
      var talk = List.of(TalkAction.builder("hello").build());
      Call order = new Call("447700900000", "447700900001", talk);
      return vonage.getVoiceClient().createCall(order).getStatus() == CallStatus.STARTED;
    }
    TextMessage message = new TextMessage("Sidekey", "447700900000", "hello");
    return vonage.getSmsClient().submitMessage(message).getMessages().get(0).getStatus()
        == MessageStatus.OK;
  }
}
