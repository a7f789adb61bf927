use std::future::poll_fn;

use proptest::prelude::*;
use redis::Cmd;

use super::*;
use crate::store::redis::commands::get;

/// A peer that says this, so many bytes at a time. Then it has ended, or `WAITS`.
struct Says<const WAITS: bool = false>(Vec<u8>, usize);

impl<const WAITS: bool> AsyncRead for Says<WAITS> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if WAITS && self.0.is_empty() {
            return Poll::Pending;
        }
        let said = self.0.len().min(self.1).min(buffer.remaining());
        buffer.put_slice(&self.0.drain(..said).collect::<Vec<_>>());
        Poll::Ready(Ok(()))
    }
}

impl<const WAITS: bool> AsyncWrite for Says<WAITS> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What the driver is given of what has arrived, if it has so much room.
fn arrived_at(frames: &mut Frames<Says<true>>, room: usize) -> Vec<u8> {
    let (mut given, mut context) = (Vec::new(), Context::from_waker(std::task::Waker::noop()));
    loop {
        let mut space = vec![0; room];
        let mut buffer = ReadBuf::new(&mut space);
        match Pin::new(&mut *frames).poll_read(&mut context, &mut buffer) {
            Poll::Ready(read) => read.expect("it is given"),
            Poll::Pending => return given,
        }
        given.extend_from_slice(buffer.filled());
    }
}

/// Commands whose answers are to be one piece.
fn together(commands: &[Cmd]) -> Cmd {
    envelope(commands.len(), &commands.iter().flat_map(Cmd::get_packed_command).collect::<Vec<_>>())
}

async fn write(frames: &mut Frames<Says>, commands: &[Cmd]) -> io::Result<()> {
    let mut bytes: Vec<u8> = commands.iter().flat_map(Cmd::get_packed_command).collect();
    while !bytes.is_empty() {
        let written = poll_fn(|cx| Pin::new(&mut *frames).poll_write(cx, &bytes)).await?;
        bytes.drain(..written);
    }
    Ok(())
}

async fn read(frames: &mut Frames<Says>, room: usize) -> io::Result<Vec<u8>> {
    let mut space = vec![0; room];
    let mut buffer = ReadBuf::new(&mut space);
    poll_fn(|cx| Pin::new(&mut *frames).poll_read(cx, &mut buffer)).await?;
    Ok(buffer.filled().to_vec())
}

/// What the driver is given after it has written the commands, if the peer says so many bytes at a time and there is so much room.
async fn given(commands: &[Cmd], said: &[u8], size: usize, room: usize) -> io::Result<Vec<u8>> {
    let mut frames = Frames::new(Says(b"+OK\r\n".to_vec(), size), FirstAnswer::default());
    // The first answer is that of the greeting.
    write(&mut frames, &[redis::cmd("HELLO")]).await?;
    while !frames.stream.0.is_empty() {
        read(&mut frames, room).await?;
    }
    write(&mut frames, commands).await?;
    frames.stream.0.extend_from_slice(said);
    let mut given = Vec::new();
    loop {
        match read(&mut frames, room).await? {
            part if part.is_empty() => return Ok(given),
            part => given.extend(part),
        }
    }
}

fn piece(frames: &[u8]) -> Vec<u8> {
    [format!("${:06}\r\n", frames.len()).as_bytes(), frames, b"\r\n"].concat()
}

#[tokio::test]
async fn answers_to_what_is_in_an_envelope_are_one_piece_and_others_as_they_are() {
    let command = || get(b"key");
    let sent = [command(), together(&[command(), command()]), command(), together(&[command()])];
    let answers: [&[u8]; 5] = [
        b"$1\r\na\r\n",
        b"*2\r\n*1\r\n$1\r\na\r\n$-1\r\n",
        b"-ERR \xff\r\n",
        b"*1\r\n$1\r\n*\r\n",
        b"*2\r\n$3\r\nabc\r\n_\r\n",
    ];
    let push: &[u8] = b">2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n";
    let said = answers.concat();
    let expected =
        [answers[0], &piece(b"*2\r\n*1\r\n$1\r\na\r\n$-1\r\n-ERR ?\r\n"), answers[3], &piece(answers[4])]
            .concat();
    for size in 1..said.len() {
        for room in [1, 5, 64, 1024] {
            assert_eq!(
                given(&sent, &said, size, room).await.expect("it is given"),
                expected,
                "{size} bytes at a time"
            );
        }
    }
    // What is pushed while a piece arrives comes before it: what it says of a value was never said too late.
    let said = [answers[0], answers[1], push, answers[2], push, answers[3], answers[4], push].concat();
    let expected = [
        answers[0],
        push,
        &piece(b"*2\r\n*1\r\n$1\r\na\r\n$-1\r\n-ERR ?\r\n"),
        push,
        answers[3],
        &piece(answers[4]),
        push,
    ]
    .concat();
    for size in 1..said.len() {
        assert_eq!(
            given(&sent, &said, size, 64).await.expect("it is given"),
            expected,
            "{size} bytes at a time"
        );
    }
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_no_part_of_a_piece() {
    let sent = [together(&[get(b"key")])];
    let mut frames = Frames::new(Says(b"+OK\r\n+OK\r\n$1\r\na\r\n".to_vec(), 5), FirstAnswer::default());
    for _ in 0..2 {
        read(&mut frames, 64).await.expect("as it is");
    }
    write(&mut frames, &sent).await.expect("written");
    let error = read_to_end(frames).await.expect_err("whose answer it is is not known");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_large_piece_is_given_whole() {
    let answer = [&b"*2\r\n$-1\r\n$1000000\r\n"[..], &vec![b'a'; 1_000_000], b"\r\n"].concat();
    let given = given(&[together(&[get(b"key")])], &answer, 10_000, 8192).await.expect("it is given");
    let Ok(Value::Array(parts)) = parse_redis_value(&given) else { panic!("a list") };
    assert_eq!(parts.len(), 4);
    assert!(whole(parts).is_some_and(|whole| whole == answer));
}

#[tokio::test]
async fn an_end_and_a_strange_frame_within_a_piece_are_the_connection_s() {
    let sent = [together(&[get(b"key"), get(b"key")])];
    for (said, kind) in [
        (&b"$1\r\na\r\n$5\r\nab"[..], io::ErrorKind::UnexpectedEof),
        (b"$1\r\na\r\n*1\r\n", io::ErrorKind::UnexpectedEof),
        (b"$1\r\na\r\n*2147483648\r\n", io::ErrorKind::InvalidData),
        (b"$1\r\na\r\nabc", io::ErrorKind::InvalidData),
    ] {
        assert_eq!(given(&sent, said, 4, 64).await.map_err(|error| error.kind()), Err(kind), "{said:?}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(
        said in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'*'), Just(b'$'), Just(b'>'), Just(b'1'), Just(b'\r'), Just(b'\n')], 0..100),
        size in 1_usize..20,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let sent = [together(&[get(b"key"), get(b"key")]), together(&[get(b"key")])];
        let _ = runtime.block_on(given(&sent, &said, size, 16));
    }
}

proptest! {
    /// Whatever has arrived when something is written, also in the middle of an answer.
    #[test]
    fn what_is_written_while_an_answer_arrives_changes_nothing_of_it(
        requests in prop::collection::vec((any::<bool>(), 0_usize..60, 0_usize..60), 1..12),
        room in 1_usize..80,
    ) {
        let mut frames = Frames::new(Says::<true>(b"+OK\r\n".to_vec(), usize::MAX), FirstAnswer::default());
        let mut context = Context::from_waker(std::task::Waker::noop());
        let greeting = redis::cmd("HELLO").get_packed_command();
        assert!(matches!(Pin::new(&mut frames).poll_write(&mut context, &greeting), Poll::Ready(Ok(_))));
        assert_eq!(arrived_at(&mut frames, room), b"+OK\r\n");
        let (mut given, mut expected, mut unsaid) = (Vec::new(), Vec::new(), Vec::new());
        let rest = (None, 0, usize::MAX);
        let requests = requests.iter().map(|(is_enveloped, len, arriving)| (Some(*is_enveloped), *len, *arriving));
        for (is_enveloped, len, arriving) in requests.chain([rest]) {
            let mut bytes = match is_enveloped {
                Some(true) => together(&[get(b"key")]).get_packed_command(),
                Some(false) => get(b"key").get_packed_command(),
                None => Vec::new(),
            };
            while !bytes.is_empty() {
                let Poll::Ready(Ok(written)) = Pin::new(&mut frames).poll_write(&mut context, &bytes) else { panic!("written") };
                bytes.drain(..written);
            }
            if let Some(is_enveloped) = is_enveloped {
                let answer = format!("${len}\r\n{}\r\n", "a".repeat(len)).into_bytes();
                expected.extend(if is_enveloped { piece(&answer) } else { answer.clone() });
                unsaid.extend(answer);
            }
            let arrived = unsaid.drain(..unsaid.len().min(arriving));
            frames.stream.0.extend(arrived);
            given.extend(arrived_at(&mut frames, room));
        }
        prop_assert_eq!(String::from_utf8_lossy(&given), String::from_utf8_lossy(&expected));
    }
}

async fn read_to_end<S: AsyncRead + Unpin>(mut frames: Frames<S>) -> io::Result<()> {
    loop {
        let mut space = [0; 8];
        let mut buffer = ReadBuf::new(&mut space);
        poll_fn(|cx| Pin::new(&mut frames).poll_read(cx, &mut buffer)).await?;
        if buffer.filled().is_empty() {
            return Ok(());
        }
    }
}

#[tokio::test]
async fn an_end_within_a_frame_is_the_connection_s_and_what_is_strange_is_the_answer_s() {
    for (answer, kind, strange) in [
        (&b"$5\r\nab"[..], Some(io::ErrorKind::UnexpectedEof), false),
        (b"$5\r\nabcde\r\n", None, false),
        (b"*2147483648\r\n", Some(io::ErrorKind::InvalidData), true),
    ] {
        let read = read_to_end(Frames::new(answer, FirstAnswer::default())).await;
        assert_eq!(read.as_ref().err().map(io::Error::kind), kind);
        let as_the_driver_has_it = read.err().map(RedisError::from);
        assert_eq!(as_the_driver_has_it.is_some_and(|error| is_strange(&error)), strange, "{answer:?}");
    }
}
