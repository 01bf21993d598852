mail-greeting = { $name }さん
mail-end = めぐるみ ありがとうが、めぐる。
mail-confirm-subject = 【めぐるみ】メールアドレスの 確認《かくにん》
mail-confirm-body =
    めぐるみへ ようこそ。
    下《した》の リンクを ひらいてください。3日《みっか》の あいだ 使《つか》えます。

    { $url }

    知《し》らない ときは、この メールを 消《け》してください。
mail-already-subject = 【めぐるみ】もう 登録《とうろく》しています
mail-already-body =
    この メールアドレスは もう 登録《とうろく》しています。
    ここから ログインしてください。

    { $url }

    知《し》らない ときは、なにも しなくて いいです。
mail-reset-subject = 【めぐるみ】新《あたら》しい パスワード
mail-reset-body =
    下《した》の リンクから、新《あたら》しい パスワードを 決《き》めてください。1時間《じかん》 使《つか》えます。

    { $url }

    知《し》らない ときは、この メールを 消《け》してください。
mail-password-changed-subject = 【めぐるみ】パスワードが 変《か》わりました
mail-password-changed-body =
    パスワードが 変《か》わりました。

    知《し》らない ときは、すぐに ここで 新《あたら》しく してください。

    { $url }
mail-approved-subject = 【めぐるみ】「{ $title }」を 公開《こうかい》しました
mail-approved-body =
    「{ $title }」を 公開《こうかい》しました。ありがとうございます。

    { $url }
mail-changes-subject = 【めぐるみ】「{ $title }」を 直《なお》してください
mail-changes-body =
    「{ $title }」を 読《よ》みました。すこし 直《なお》してください。

    { $why }

    下《した》の ページで 直《なお》して、もう一度《いちど》 送《おく》ってください。

    { $url }
mail-rejected-subject = 【めぐるみ】「{ $title }」は 出《だ》せませんでした
mail-rejected-body =
    「{ $title }」を 読《よ》みました。今回《こんかい》は 出《だ》せません。

    { $why }

    この ページを 見《み》てください。

    { $url }
mail-video-failed-subject = 【めぐるみ】「{ $title }」の 動画《どうが》に ついて
mail-video-failed-body =
    「{ $title }」の 動画《どうが》を 準備《じゅんび》できませんでした。

    { $why }

    文《ぶん》と 写真《しゃしん》は のこっています。つづきは 下《した》の ページで できます。

    { $url }
mail-photo-failed-subject = 【めぐるみ】「{ $title }」の 写真《しゃしん》を 準備《じゅんび》できませんでした
mail-photo-failed-body =
    「{ $title }」の 写真《しゃしん》の 中《なか》に、準備《じゅんび》できなかった ものが あります。

    文《ぶん》と ほかの 写真《しゃしん》は 残《のこ》って います。下《した》の ページで、その 写真《しゃしん》を 消《け》すか、ちがう 写真《しゃしん》を えらんで、もう一度《いちど》 送《おく》って ください。

    { $url }
