//! The exercises of the lesson. Each test fails until the exercise is solved.

use std::cell::{Cell, RefCell};
use std::io::{self, PipeReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use day03_channel as reactor;
use reactor::{Channel, Epoll, Events};

const UNSOLVED: &str = "this is an exercise, which fails until you have solved it";

/// Handles the events that are ready now, and returns their number.
fn run_once(epoll: &Epoll) -> usize {
    let mut events = Events::with_capacity(8);
    epoll
        .wait(&mut events, Some(Duration::ZERO))
        .expect("an epoll of one's own");
    for event in events.iter() {
        if let Some(channel) = epoll.channel(&event) {
            channel.set_ready_events(event.ready());
            channel.handle_event();
        }
    }
    events.iter().count()
}

fn epoll() -> Rc<Epoll> {
    Rc::new(Epoll::new().expect("a descriptor is free"))
}

/// Calls `on_line` with each whole line that comes through the pipe, without its line
/// feed. The channel, which the caller keeps, leaves epoll when the pipe has ended.
fn watch_lines(
    epoll: &Rc<Epoll>,
    pipe: PipeReader,
    on_line: impl Fn(&[u8]) + 'static,
) -> io::Result<Rc<Channel>> {
    let channel = Channel::new(epoll, Rc::new(pipe));
    channel.set_read_callback(move |_| on_line(b""));
    channel.enable_reading()?;
    Ok(channel)
}

#[test]
#[ignore = "an exercise"]
fn exercise_a_pipe() {
    let epoll = epoll();
    let (reader, mut writer) = io::pipe().expect("two descriptors are free");
    let lines = Rc::new(RefCell::new(Vec::new()));
    let channel = watch_lines(&epoll, reader, {
        let lines = Rc::clone(&lines);
        move |line| lines.borrow_mut().push(line.to_vec())
    })
    .expect("a pipe can be waited for");

    for piece in ["one\nt", "wo\n\nthr", "ee\nrest"] {
        writer.write_all(piece.as_bytes()).expect("it fits");
        run_once(&epoll);
    }
    let expected: [&[u8]; 4] = [b"one", b"two", b"", b"three"];
    assert_eq!(*lines.borrow(), expected, "{UNSOLVED}");
    drop(writer);
    run_once(&epoll);
    assert_eq!(run_once(&epoll), 0, "the pipe has ended: {UNSOLVED}");
    assert!(!channel.in_epoll(), "the pipe has ended: {UNSOLVED}");
    drop(channel);
    assert_eq!(Rc::strong_count(&lines), 1, "a channel is left: {UNSOLVED}");
}

/// How much one callback may read before others have their turn.
const BUDGET: usize = 8 * 1024;

/// Reads what has come to an edge-triggered channel: all of it in the end, and no more
/// than the budget in one call.
fn read_within_budget(channel: &Rc<Channel>, stream: &UnixStream, input: &RefCell<Vec<u8>>) {
    let _ = channel;
    let mut piece = [0; 1024];
    if let Ok(count) = (&mut &*stream).read(&mut piece) {
        input.borrow_mut().extend(&piece[..count]);
    }
}

#[test]
#[ignore = "an exercise"]
fn exercise_a_budget() {
    let epoll = epoll();
    let (ours, mut theirs) = UnixStream::pair().expect("two descriptors are free");
    ours.set_nonblocking(true).expect("a flag of every socket");
    let ours = Rc::new(ours);
    let input = Rc::new(RefCell::new(Vec::new()));
    let channel = Channel::new(&epoll, Rc::clone(&ours));
    channel.set_read_callback({
        let input = Rc::clone(&input);
        move |channel| read_within_budget(channel, &ours, &input)
    });
    channel.use_et().expect("nothing is asked of the kernel");
    channel
        .enable_reading()
        .expect("a socket can be waited for");

    let message: Vec<_> = (0..40_000).map(|at| (at % 251) as u8).collect();
    theirs.write_all(&message).expect("it fits");
    let mut before = 0;
    for _ in 0..100 {
        run_once(&epoll);
        let read = input.borrow().len() - before;
        assert!(read <= BUDGET, "{read} bytes in one call: {UNSOLVED}");
        before += read;
    }
    assert!(*input.borrow() == message, "{before} of 40000: {UNSOLVED}");
    assert_eq!(run_once(&epoll), 0, "all is read: {UNSOLVED}");
}

/// Channels that their owner shares with their callbacks.
type Channels = Rc<RefCell<Vec<Rc<Channel>>>>;

/// Watches all streams. When the first of them is ready to read, drops the channels of all,
/// which closes the streams, and calls `on_first` with its index. The caller keeps the
/// channels; if it drops them before any stream is ready, no channel is left either.
fn first_wins(
    epoll: &Rc<Epoll>,
    streams: Vec<UnixStream>,
    on_first: impl Fn(usize) + 'static,
) -> io::Result<Channels> {
    let channels = Channels::default();
    let on_first = Rc::new(on_first);
    for (index, stream) in streams.into_iter().enumerate() {
        let channel = Channel::new(epoll, Rc::new(stream));
        let on_first = Rc::clone(&on_first);
        channel.set_read_callback(move |_| on_first(index));
        channel.enable_reading()?;
        channels.borrow_mut().push(channel);
    }
    Ok(channels)
}

#[test]
#[ignore = "an exercise"]
fn exercise_first_wins() {
    let epoll = epoll();
    let pairs = || (0..3).map(|_| UnixStream::pair().expect("two descriptors are free"));
    let (ours, theirs): (Vec<_>, Vec<_>) = pairs().unzip();
    let calls = Rc::new(Cell::new(0));
    let on_first = || {
        let calls = Rc::clone(&calls);
        move |index| {
            assert!(index < 3);
            calls.set(calls.get() + 1);
        }
    };
    let channels = first_wins(&epoll, ours, on_first()).expect("sockets can be waited for");

    for mut stream in &theirs {
        stream.write_all(b"me").expect("it fits");
    }
    assert_eq!(run_once(&epoll), 3);
    assert_eq!(calls.get(), 1, "there is one winner: {UNSOLVED}");
    assert_eq!(epoll.stale_events(), 2, "the others: {UNSOLVED}");
    assert_eq!(run_once(&epoll), 0, "{UNSOLVED}");
    assert!(
        channels.borrow().is_empty(),
        "a channel is left: {UNSOLVED}"
    );
    assert_eq!(Rc::strong_count(&calls), 1, "a channel is left: {UNSOLVED}");

    let (ours, _theirs): (Vec<_>, Vec<_>) = pairs().unzip();
    let channels = first_wins(&epoll, ours, on_first()).expect("sockets can be waited for");
    drop(channels);
    assert_eq!(
        Rc::strong_count(&calls),
        1,
        "the callbacks own their channels: {UNSOLVED}"
    );
}

#[test]
#[ignore = "an exercise"]
fn exercise_without_a_callback() {
    let epoll = epoll();
    let (ours, mut theirs) = UnixStream::pair().expect("two descriptors are free");
    let channel = Channel::new(&epoll, Rc::new(ours));
    channel
        .enable_reading()
        .expect("a socket can be waited for");
    theirs.write_all(b"x").expect("it fits");
    assert_eq!(run_once(&epoll), 1);
    assert_eq!(
        run_once(&epoll),
        0,
        "the event comes again, the loop spins: {UNSOLVED}"
    );

    let calls = Rc::new(Cell::new(0));
    channel.set_write_callback({
        let calls = Rc::clone(&calls);
        move |_| calls.set(calls.get() + 1)
    });
    channel
        .enable_writing()
        .expect("a socket can be waited for");
    channel
        .enable_reading()
        .expect("a socket can be waited for");
    run_once(&epoll);
    run_once(&epoll);
    assert_eq!(calls.get(), 2, "writing has its callback, and stays");
    channel.set_read_callback({
        let calls = Rc::clone(&calls);
        move |_| calls.set(10)
    });
    channel.disable_writing().expect("it is known");
    channel
        .enable_reading()
        .expect("a socket can be waited for");
    run_once(&epoll);
    assert_eq!(calls.get(), 10, "what came is still there");
}
