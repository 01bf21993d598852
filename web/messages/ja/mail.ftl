mail-greeting = { $name }さん
mail-end = めぐるみ ありがとうが、めぐる。
mail-confirm-subject = 【めぐるみ】メールアドレスの確認をお願いします
mail-confirm-body =
    めぐるみへようこそ。
    下のリンクを開いて、登録を終えてください。3日のあいだ使えます。

    { $url }

    お心当たりがないときは、このメールをそのまま消してください。
mail-already-subject = 【めぐるみ】すでに登録があります
mail-already-body =
    このメールアドレスで新しい登録がありましたが、すでにアカウントをお持ちです。
    ログインはこちらからどうぞ。

    { $url }

    お心当たりがないときは、なにもする必要はありません。
mail-reset-subject = 【めぐるみ】パスワードの決め直し
mail-reset-body =
    下のリンクから、新しいパスワードを決めてください。1時間使えます。

    { $url }

    お心当たりがないときは、このメールをそのまま消してください。パスワードは変わりません。
mail-password-changed-subject = 【めぐるみ】パスワードが変わりました
mail-password-changed-body =
    あなたのパスワードが変わりました。ほかの端末からはログアウトしています。

    お心当たりがないときは、すぐにこちらで決め直してください。

    { $url }
mail-approved-subject = 【めぐるみ】「{ $title }」を公開しました
mail-approved-body =
    「{ $title }」を公開しました。分けてくださって、ありがとうございます。

    { $url }
mail-changes-subject = 【めぐるみ】「{ $title }」について、お願いがあります
mail-changes-body =
    「{ $title }」を読みました。公開の前に、直していただきたいところがあります。

    { $why }

    下のページで直して、もう一度送ってください。書いたものは残っています。

    { $url }
mail-rejected-subject = 【めぐるみ】「{ $title }」は見送りになりました
mail-rejected-body =
    「{ $title }」を読みました。今回は公開を見送ります。理由は次のとおりです。

    { $why }

    くわしくは、こちらのページをご覧ください。

    { $url }
mail-video-failed-subject = 【めぐるみ】「{ $title }」の動画を準備できませんでした
mail-video-failed-body =
    「{ $title }」の動画を準備できませんでした。

    { $why }

    文章と写真は残っています。続きは、下のページからどうぞ。

    { $url }
mail-photo-failed-subject = 【めぐるみ】「{ $title }」の写真を準備できませんでした
mail-photo-failed-body =
    「{ $title }」の写真のうち、準備できなかったものがあります。

    文章とほかの写真は残っています。下のページで、その写真を外すか、別の写真をえらんで、もう一度送ってください。

    { $url }
