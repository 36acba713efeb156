import com.vonage.client.HttpConfig;
import com.vonage.client.VonageClient;
import com.vonage.client.sms.MessageStatus;
import com.vonage.client.sms.messages.TextMessage;

/**
 * One call with the Vonage SDK: VonageSdk CALL [REST_URL API_URL]. It knows no proxy of the environment, and is given it;
 * its own hosts without URLs.
 */
public class VonageSdk {
  public static void main(String[] arguments) {
    HttpConfig.Builder config = HttpConfig.builder();
    String proxy = System.getenv("HTTPS_PROXY");
    if (proxy != null) config.proxy(proxy);
    if (arguments.length > 1) config.restBaseUri(arguments[1]).apiBaseUri(arguments[2]);
    VonageClient vonage =
        VonageClient.builder()
            .apiKey("a1b2c3d4")
            .apiSecret("placeholder-Gg6Hh7Ii8")
            .httpConfig(config.build())
            .build();
    if (!call(vonage, arguments[0])) throw new IllegalStateException("the API refused the call");
  }

  private static boolean call(VonageClient vonage, String name) {
    if (name.equals("balance")) return vonage.getAccountClient().getBalance().getValue() > 0;
    TextMessage message = new TextMessage("Sidekey", "447700900000", "hello");
    return vonage.getSmsClient().submitMessage(message).getMessages().get(0).getStatus()
        == MessageStatus.OK;
  }
}
